/** What a user may say beside photo and hole: a sketch, the refinement level l, strokes of colour. */
export type Control = 'sketch' | 'l' | 'colour';
