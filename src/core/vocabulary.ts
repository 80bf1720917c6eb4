/** What a predictor is given and gives, in words that the editor's page shares. */

/** What a user may say beside photo and hole: a sketch, the refinement level l, strokes of colour. */
export type Control = 'sketch' | 'l' | 'colour';

/** What a prediction's parts are called in tables, pictures and exported models. */
export const CAPTIONS = { refinedSketch: 'S_gen', firstImage: 'I_gen', result: 'I_out' } as const;
