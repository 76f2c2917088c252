// What the page asks of the audio side: one click opens it, two ports come out for the worker, close() puts all away.
// Page thread. No audio passes through here: the worklets and the worker talk over the two ports.

import type { SottoError } from "../../shared/errors.ts";
import type { MicStats, SpeakerStats } from "../../shared/protocol.ts";

/** Who speaks into the mic worklet. A clip needs no microphone and asks for no permission. */
export type VoiceSource =
  | {
      readonly kind: "mic";
      /** As `Microphone.deviceId`; null lets the browser choose. */
      readonly deviceId: string | null;
    }
  | {
      readonly kind: "clip";
      /** Same origin; any format that an <audio> element plays. */
      readonly url: string;
      /** Whether the visitor hears the clip as well, softly. */
      readonly audible: boolean;
    };

/** The worker's ends of the two wires; transfer them to it. The next `open` makes new ones. */
export interface VoicePorts {
  /** Carries MicFrameMessage to the worker, 12.5 a second, from the moment that the port is there. */
  readonly mic: MessagePort;
  /** Takes SpeakerMessage from the worker. */
  readonly speaker: MessagePort;
}

export interface Microphone {
  readonly deviceId: string;
  /** The browser's name for it; "Microphone 2" where it gives none (before permission). */
  readonly label: string;
}

/** RMS of the last 40 ms or so, 0…1. */
export interface VoiceLevels {
  /** What goes to Sotto: 0 while muted. */
  readonly mic: number;
  readonly speaker: number;
}

/** What the audio side tells without being asked. All calls come on the page thread, none after `close`. */
export interface VoiceListener {
  /** The open talk cannot go on: mic-lost or audio-unavailable. Told once; `close` is still the listener's to call. */
  onFailure(error: SottoError): void;
  /** About 15 times a second. */
  onMicStats?(stats: MicStats): void;
  /** About 5 times a second. */
  onSpeakerStats?(stats: SpeakerStats): void;
  /** The clip has been played to its end; silence goes to the worker from now on. */
  onClipEnded?(): void;
  /** The list of microphones has changed (also told once names become known). */
  onMicrophones?(microphones: readonly Microphone[]): void;
}

/** The audio of one page. May be opened again after `close`; calls of `open` must not overlap. */
export interface VoiceIo {
  readonly muted: boolean;
  /** Render rate of the open context in Hz, 24 000 where the browser allows it; null while closed. */
  readonly contextRate: number | null;

  /**
   * Makes the AudioContext and starts it. Call it synchronously inside the click: browsers start sound in a
   * gesture only. `open` may follow later, once the model is loaded. Harmless if called twice. Never throws.
   */
  unlock(): void;
  /**
   * Opens the source, both worklets and the ports, unmuted. Throws SottoError: mic-denied, mic-absent, mic-busy,
   * audio-unavailable; everything is put away by then.
   */
  open(source: VoiceSource): Promise<VoicePorts>;
  /** Muted, zero frames go to the worker: its clock goes on. Nothing is suspended. */
  setMuted(muted: boolean): void;
  /** Changes the microphone during a talk. Throws SottoError; the old one goes on speaking then. */
  switchMicrophone(deviceId: string): Promise<void>;
  /** Names are blank before permission; never asks for it. */
  microphones(): Promise<readonly Microphone[]>;
  /** Cheap enough for every animation frame. Zeros while closed. */
  levels(): VoiceLevels;
  /** Releases tracks, ports, worklets and the context. Harmless when closed. Never throws. */
  close(): Promise<void>;
}
