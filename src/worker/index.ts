// Entry of the model worker: exposes the engine to the page through comlink. Control only; audio and telemetry
// travel on the ports that the page hands over.

import * as Comlink from "comlink";

import { Engine } from "./engine.ts";
import { thisBrowser } from "./load-machine.ts";
import { loadSpeechModel } from "./load-model.ts";
import { sendErrorsAsData } from "./thrown-errors.ts";
import { urlSource } from "./weights/source.ts";

/** Where ONNX Runtime's files are served, on our own origin. */
const ORT_BASE = new URL(`${import.meta.env.BASE_URL}ort/`, self.location.href).href;

sendErrorsAsData();
Comlink.expose(
  new Engine((modelUrl, backend, emit) => {
    const source = urlSource(new URL(modelUrl, self.location.origin).href);
    return loadSpeechModel(source, { backend, machine: thisBrowser(), ortBase: ORT_BASE }, emit);
  }),
);
