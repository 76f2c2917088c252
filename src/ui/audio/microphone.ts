// The microphone: permission, device, track. Page thread.

import { microphoneError } from "./audio-errors.ts";
import type { AudioSource } from "./audio-source.ts";
import type { Microphone } from "./voice-io.ts";

/**
 * Sotto hears itself otherwise, so echo cancellation is on. Noise suppression and gain control are made for
 * people's ears and distort what the model gets.
 */
const CONSTRAINTS: MediaTrackConstraints = {
  echoCancellation: true,
  noiseSuppression: false,
  autoGainControl: false,
  channelCount: 1,
};

/** Chromium's id for whatever the system prefers; other browsers know no such id. */
const DEFAULT_DEVICE = "default";

/** Asks for the microphone, with a prompt if need be. The caller stops the tracks. Throws SottoError mic-*. */
export async function requestMicrophone(deviceId: string | null): Promise<MediaStream> {
  const device =
    deviceId === null || deviceId === DEFAULT_DEVICE ? {} : { deviceId: { exact: deviceId } };
  try {
    return await navigator.mediaDevices.getUserMedia({ audio: { ...CONSTRAINTS, ...device } });
  } catch (thrown) {
    throw microphoneError(thrown, navigator.userAgent);
  }
}

export function stopTracks(stream: MediaStream): void {
  for (const track of stream.getTracks()) track.stop();
}

/** Never asks for permission. */
export async function listMicrophones(): Promise<readonly Microphone[]> {
  const devices = await navigator.mediaDevices.enumerateDevices();
  return devices
    .filter(({ kind }) => kind === "audioinput")
    .map(({ deviceId, label }, index) => ({
      deviceId,
      label: label === "" ? `Microphone ${index + 1}` : label,
    }));
}

/** An open microphone in the graph of one context. Owns the stream. */
export class MicrophoneSource implements AudioSource {
  readonly node: MediaStreamAudioSourceNode;
  readonly #stream: MediaStream;
  readonly #onLost: () => void;

  /** `onLost` is called when the track ends on its own. Throws where the context cannot take the stream's rate. */
  constructor(context: AudioContext, stream: MediaStream, onLost: () => void) {
    this.node = context.createMediaStreamSource(stream);
    this.#stream = stream;
    this.#onLost = onLost;
    for (const track of stream.getTracks()) track.addEventListener("ended", onLost);
  }

  close(): void {
    for (const track of this.#stream.getTracks()) track.removeEventListener("ended", this.#onLost);
    stopTracks(this.#stream);
    this.node.disconnect();
  }
}
