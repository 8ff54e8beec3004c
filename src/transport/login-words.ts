/**
 * What the hub answers to the secret of a code that opens nothing any more, after 530. Whoever hears it holds the code:
 * to anyone else a wrong login is a wrong login.
 */
export const codeRefusals = {
  used: 'This code was used already',
  expired: 'This code has expired',
} as const;

/** `SITE SECRET <secret>`: how a site that came with its code leaves a lasting secret. */
export const leaveSecret = 'SECRET';
