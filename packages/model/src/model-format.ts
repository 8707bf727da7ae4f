/** The layout of a saved model's folder, of every system. */
export const MODEL_FORMAT = { format: 'sparc.model', version: 1 }
