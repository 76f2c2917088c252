// The model of `npm run converse` and of the evaluation: a checkpoint folder on the CPU, through the worker's own
// loader. Node only.

import { availableParallelism } from "node:os";

import type { BackendReport } from "../src/shared/protocol.ts";
import { loadSpeechModel } from "../src/worker/load-model.ts";
import type { SpeechModel } from "../src/worker/speech-model.ts";
import { folderSource } from "./folder-source.ts";
import { loadOrtInNode } from "./ort-node.ts";

export interface FolderModel {
  readonly model: SpeechModel;
  readonly report: BackendReport;
  /** Says which weights a result came from. */
  readonly hash: string;
}

/** Throws SottoError. The caller disposes of the model. */
export async function loadFolderModel(folder: string, threads: number): Promise<FolderModel> {
  const source = folderSource(folder);
  const { model, report } = await loadSpeechModel(
    source,
    {
      backend: "wasm",
      machine: {
        gpu: () =>
          Promise.resolve({ usable: false, code: "webgpu-absent", why: "Node has no WebGPU." }),
        sharedMemory: true,
        cores: availableParallelism(),
      },
      threads,
      ortBase: "",
      loadOrt: loadOrtInNode,
    },
    () => undefined,
  );
  return { model, report, hash: source.hash() };
}
