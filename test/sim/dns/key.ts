import { generateKey, Name, type SigningKey, type TsigKey, tsigKey } from '@hawser/dns';

/** What the scenario is about. */
export const ZONE = 'example.net';
export const origin: Name = Name.parse(ZONE);

/** Signs everything that hosts say to each other. */
export const key: TsigKey = tsigKey(`all.${ZONE}`, 'hmac-sha256', Buffer.alloc(32, 1));

/** Signs the zone, where it is signed: one for all seeds, as making one takes a while. */
export const signingKey: SigningKey = generateKey('ED25519');
