/** Bound of the error of a dot product summed in float32 in any order: `(dim + 2) 2^-23 |q| |v|`. */
export function floatMargin(dim: number, vectors: Float32Array, at: number, longest: number): number {
  let squares = 0
  for (let d = 0; d < dim; d++) squares += vectors[at + d] ** 2
  return (dim + 2) * 2 ** -23 * Math.sqrt(squares) * longest
}

/** The longest vector of a matrix, Euclidean. */
export function longestVector(vectors: Float32Array, dim: number): number {
  let longest = 0
  for (let at = 0; at < vectors.length; at += dim) {
    let squares = 0
    for (let d = 0; d < dim; d++) squares += vectors[at + d] ** 2
    if (squares > longest) longest = squares
  }
  return Math.sqrt(longest)
}
