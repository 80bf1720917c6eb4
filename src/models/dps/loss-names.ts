/** The losses of every stage, in the order in which they are shown. */
export const LOSS_NAMES = ['discriminator', 'adversarial', 'perceptual', 'reconstruction'] as const;
