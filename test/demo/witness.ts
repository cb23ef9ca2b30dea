import { Recorder, type Recorded } from '../support/recorder.ts';

/** A recorder that tells of a request as soon as it has been answered. */
export class Witness extends Recorder {
  onAnswer: (recorded: Recorded) => void = () => undefined;

  override add(recorded: Recorded): Recorded {
    let { status } = recorded;
    const told = (): void => this.answered(recorded);
    Object.defineProperty(recorded, 'status', {
      enumerable: true,
      get: () => status,
      set(answered: number | null) {
        status = answered;
        told();
      },
    });
    return super.add(recorded);
  }

  protected answered(recorded: Recorded): void {
    this.onAnswer(recorded);
  }
}
