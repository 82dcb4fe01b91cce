/** Makes a stream ready to take over a log from elsewhere. */
import type { Keys } from "../chat/tokens.ts";
import { openNatsKeys } from "./nats_keys.ts";
import { connectNats } from "./nats_link.ts";
import { connectionOptions, type NatsSettings } from "./nats_options.ts";
import { subjectsOf } from "./nats_records.ts";
import { asking, beginEpoch, openStreams, readEpoch } from "./nats_stream.ts";

/** Gives a stream without a room the epoch and the keys of a log. False if it has rooms, of another epoch. */
export async function prepareNats(
  settings: NatsSettings,
  { epoch, keys }: { epoch: string; keys: Keys | undefined },
): Promise<boolean> {
  const { stream, ...address } = await connectionOptions(settings);
  const link = await connectNats({ stream, ...address });
  try {
    await openStreams(link, stream, settings);
    const known = await readEpoch(link, stream);
    if (known.epoch !== epoch) {
      const filter = { subjects_filter: subjectsOf(stream).rooms };
      const { state } = await asking(link, () => link.jsm.streams.info(stream, filter));
      if (Object.keys(state.subjects ?? {}).length > 0) return false;
      await beginEpoch(link, stream, { epoch, after: known.begun });
    }
    await openNatsKeys(link, stream, keys);
    return true;
  } finally {
    await link.close();
  }
}
