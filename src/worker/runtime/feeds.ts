// What both back ends check before a run, and how a failure of the engine is told. Pure.

import { SottoError } from "../../shared/errors.ts";
import type { BuiltGraph } from "../graph/index.ts";
import { newArray, sizeOf } from "../graph/index.ts";
import type { TensorMap } from "./session.ts";

/** Throws SottoError `bad-argument` unless `inputs` has exactly the graph's inputs, each of the right type and length. */
export function checkInputs(graph: BuiltGraph, inputs: TensorMap): void {
  const remedy = "This is a mistake in the program; please report it.";
  for (const { name, dtype, shape } of graph.inputs) {
    const data = inputs[name];
    if (!data)
      throw new SottoError(
        "bad-argument",
        `The ${graph.name} graph needs an input ${name}.`,
        remedy,
      );
    if (data.constructor !== newArray(dtype, 0).constructor || data.length !== sizeOf(shape))
      throw new SottoError(
        "bad-argument",
        `Input ${name} of ${graph.name} must be ${sizeOf(shape)} × ${dtype}, not ${data.constructor.name}(${data.length}).`,
        remedy,
      );
  }
  for (const name of Object.keys(inputs))
    if (!graph.inputs.some((input) => input.name === name))
      throw new SottoError("bad-argument", `The ${graph.name} graph has no input ${name}.`, remedy);
}

/** Throws Error unless two graphs can share states: the same ones, none of which is replaced by a run. */
export function checkSharedStates(graph: BuiltGraph, owner: BuiltGraph): void {
  const describe = ({ states }: BuiltGraph): string[] =>
    states.map(({ name, shape, update }) =>
      update.kind === "whole" ? `${name} is replaced` : `${name} [${shape.join(",")}]`,
    );
  const [own, others] = [describe(graph), describe(owner)];
  if (own.length !== others.length || own.some((state) => !others.includes(state)))
    throw new Error(`${graph.name} cannot share the states of ${owner.name}`);
  if (own.some((state) => state.endsWith("replaced")))
    throw new Error(`${graph.name} replaces states that it shares`);
}

/** A failure inside ONNX Runtime. */
export function engineFailed(what: string, cause: unknown): SottoError {
  return SottoError.from(
    cause instanceof SottoError
      ? cause
      : new SottoError("engine-failed", what, ENGINE_REMEDY, cause),
    "engine-failed",
    ENGINE_REMEDY,
  );
}

const ENGINE_REMEDY =
  "Start again; if it happens again, choose the other back end and report this.";
