/**
 * `<homeward-identity>`: the popup's form for a site that ships Homeward itself. In a page without the bootstrap, whose
 * patched functions would hold and redirect what is asked here.
 */
import { joinOthers } from '../site/others.ts';
import { createSiteOwner } from '../site/owner.ts';
import { english } from '../ui/english.ts';
import { element, showIn } from '../ui/elements.ts';
import { message, speak } from '../ui/text.ts';
import ui from '../ui/ui.css';
import { createSettings } from './calls.ts';
import own from './settings.css';
import { startView } from './view.ts';

class HomewardIdentity extends HTMLElement {
  connectedCallback(): void {
    if (this.shadowRoot) return;
    const root = this.attachShadow({ mode: 'open' });
    // no <style>: a strict Content Security Policy forbids it
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(ui + own);
    root.adoptedStyleSheets = [sheet];
    const view = document.createElement('main');
    view.tabIndex = -1;
    view.setAttribute('aria-live', 'polite');
    root.append(view);
    if (isFramed()) return showIn(view, [element('p', 'none', message('framed'))]);
    const others = joinOthers({ onChange: () => redraw(), tokenOf: () => undefined });
    const owner = createSiteOwner(
      () => undefined,
      (changes) => others.tell(changes),
    );
    const redraw = startView(view, createSettings(owner, others));
    document.addEventListener('visibilitychange', () => document.hidden || redraw());
  }
}

/** By another site, which could have buttons pressed that nobody sees. */
function isFramed(): boolean {
  try {
    for (let at: Window = window; at !== at.parent; at = at.parent) {
      if (at.parent.origin !== self.origin) return true;
    }
    return false;
  } catch {
    return true;
  }
}

speak(english);
customElements.define('homeward-identity', HomewardIdentity);
