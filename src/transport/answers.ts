import { z } from 'zod';
import { SyncError } from '../shared/errors';
import { statusFile } from './names';
import { hubStatusSchema, type HubStatus } from './port';

const protocolSchema = z.object({ protocol: z.number() });

/** What a hub says of itself. Throws `hub.protocol` {hub, site} where it speaks another version, or `hub.answer`. */
export function parseStatus(text: string): HubStatus {
  const { protocol } = parseAnswer(protocolSchema.loose(), text, statusFile);
  const expected = hubStatusSchema.shape.protocol.value;
  if (protocol !== expected)
    throw new SyncError('hub.protocol', { params: { hub: protocol, site: expected } });
  return parseAnswer(hubStatusSchema, text, statusFile);
}

/** A JSON file of the hub. Throws `hub.answer` {file}. */
export function parseAnswer<T>(schema: z.ZodType<T>, text: string, file: string): T {
  try {
    return schema.parse(JSON.parse(text));
  } catch (error) {
    throw new SyncError('hub.answer', { params: { file }, cause: error });
  }
}
