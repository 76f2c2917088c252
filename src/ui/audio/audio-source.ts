// What can speak into the mic worklet. Page thread.

/** An open source of sound in the audio graph. */
export interface AudioSource {
  readonly node: AudioNode;
  /** Disconnects the node and releases what is behind it. Nothing is reported any more. */
  close(): void;
}
