#!/usr/bin/python3
"""A browser of a few lines that WebKitWebDriver can drive: Debian ships WebKitGTK without its MiniBrowser."""
import gi

gi.require_version("Gtk", "3.0")
gi.require_version("WebKit2", "4.1")
from gi.repository import Gtk, WebKit2

context = WebKit2.WebContext.new_ephemeral()
context.set_automation_allowed(True)


def show(view):
    window = Gtk.Window(default_width=1100, default_height=800)
    window.add(view)
    # as the other browsers do for whoever drives them
    view.get_settings().set_javascript_can_open_windows_automatically(True)
    # that of a page which closes itself, or which the driver closes
    view.connect("close", lambda _view: window.destroy())
    view.connect("create", lambda opener, _action: show(related(opener)))
    window.show_all()
    return view


def related(opener):
    return WebKit2.WebView(related_view=opener, is_controlled_by_automation=True)


def new_view(_session):
    return show(WebKit2.WebView(web_context=context, is_controlled_by_automation=True))


context.connect("automation-started", lambda _context, session: session.connect("create-web-view", new_view))
Gtk.main()
