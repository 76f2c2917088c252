// Shape arithmetic: what each operator does to shapes, checked while a graph is built. Pure.

/** Sizes of a tensor's axes, outermost first. Always static: a graph never has a symbolic axis. */
export type Shape = readonly number[];

/** A model description asked for something whose shapes do not fit: a mistake in model code, not in a checkpoint. */
export class ShapeError extends Error {
  override readonly name = "ShapeError";
}

/** Number of elements. */
export function sizeOf(shape: Shape): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** `[1,2,3]` as text for messages. */
export function shapeText(shape: Shape): string {
  return `[${shape.join(",")}]`;
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis]);
}

/** Axis counted from the end when negative; throws ShapeError when out of range. */
export function axisOf(shape: Shape, axis: number): number {
  const positive = axis < 0 ? axis + shape.length : axis;
  if (positive < 0 || positive >= shape.length)
    throw new ShapeError(`axis ${axis} is outside ${shapeText(shape)}`);
  return positive;
}

/** Size of one axis, counted from the end when negative. */
export function dim(shape: Shape, axis: number): number {
  return shape[axisOf(shape, axis)] as number;
}

/** `shape` with one axis resized. */
export function withAxis(shape: Shape, axis: number, size: number): number[] {
  return shape.with(axisOf(shape, axis), size);
}

/** Numpy broadcasting. */
export function broadcast(a: Shape, b: Shape): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const left = a[i - rank + a.length] ?? 1;
    const right = b[i - rank + b.length] ?? 1;
    if (left !== right && left !== 1 && right !== 1)
      throw new ShapeError(`${shapeText(a)} and ${shapeText(b)} do not broadcast`);
    return left === 1 ? right : left;
  });
}

/** Batched matrix product of two tensors of rank 2 or more. */
export function matmulShape(a: Shape, b: Shape): number[] {
  if (a.length < 2 || b.length < 2 || dim(a, -1) !== dim(b, -2))
    throw new ShapeError(`cannot multiply ${shapeText(a)} by ${shapeText(b)}`);
  return [...broadcast(a.slice(0, -2), b.slice(0, -2)), dim(a, -2), dim(b, -1)];
}

/** `shape` reordered: result axis i is source axis `order[i]`. */
export function permute(shape: Shape, order: readonly number[]): number[] {
  const isPermutation =
    order.length === shape.length && order.toSorted((a, b) => a - b).every((axis, i) => axis === i);
  if (!isPermutation)
    throw new ShapeError(`[${order.join(",")}] does not reorder ${shapeText(shape)}`);
  return order.map((axis) => dim(shape, axis));
}

/** A reshape target with at most one -1, resolved. */
export function resolveReshape(from: Shape, to: Shape): number[] {
  const wild = to.indexOf(-1);
  const known = sizeOf(to.filter((size) => size !== -1));
  const resolved = wild < 0 ? [...to] : to.with(wild, sizeOf(from) / known);
  if (sizeOf(resolved) !== sizeOf(from) || resolved.some((size) => !Number.isInteger(size)))
    throw new ShapeError(`cannot reshape ${shapeText(from)} to ${shapeText(to)}`);
  return resolved;
}

/** Tensors joined along `axis`; all other axes must agree. */
export function concatShape(shapes: readonly Shape[], axis: number): number[] {
  const [first] = shapes;
  if (!first) throw new ShapeError("nothing to concatenate");
  const at = axisOf(first, axis);
  for (const shape of shapes)
    if (shape.length !== first.length || !sameShape(shape.with(at, 0), first.with(at, 0)))
      throw new ShapeError(`${shapes.map(shapeText).join(" and ")} do not join along axis ${axis}`);
  return first.with(
    at,
    shapes.reduce((total, shape) => total + dim(shape, at), 0),
  );
}
