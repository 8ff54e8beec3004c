import { z } from 'zod';
import type { Attachment } from './port';

/** A letter ready to go. Who sends it to whom is in the settings, and is looked up when it goes. */
export interface Letter {
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  readonly attachments: readonly Attachment[];
}

const base64 = z.base64().transform((text): Uint8Array => Buffer.from(text, 'base64'));

/** As a file of the queue holds it. */
export const letterSchema = z.object({
  subject: z.string(),
  text: z.string(),
  html: z.string(),
  attachments: z.array(z.object({ filename: z.string(), contentType: z.string(), content: base64 })),
});

export function letterToJson(letter: Letter): object {
  return {
    ...letter,
    attachments: letter.attachments.map((attachment) => ({
      ...attachment,
      content: Buffer.from(attachment.content).toString('base64'),
    })),
  };
}
