/** What an event does to a room that decisions are made on. Pure. */
import { revise, type RoomEvent, speakerOf } from "../protos/events.ts";
import type { Room } from "./decide.ts";

/** The room after an event that was decided but is not stored yet. */
export function evolve(room: Room, event: RoomEvent): Room {
  const { seq, author, clientId, settings, edited, reacted, unreacted } = event;
  const speaker = speakerOf(event);
  const reaction = reacted ?? unreacted;
  const step = reacted ? 1 : -1;
  // Looked up once, not at each question: in a batch they would double with each event.
  const turns = reaction !== undefined &&
    room.reactions(reaction.target, reaction.emoji, author).same === (reacted ? 0 : 1);
  return {
    ...room,
    head: seq,
    timestamp: event.timestamp,
    settings: settings
      ? {
        seq,
        topic: settings.topic ?? "",
        archived: settings.archived ?? false,
        author: room.settings?.author ?? (seq === 1 ? author : ""),
      }
      : room.settings,
    find: (by, id) => {
      if (clientId !== "" && by === speaker && id === clientId) return event;
      const earlier = room.find(by, id);
      return earlier && revise(earlier, event);
    },
    event: (at) => {
      if (at === seq) return event;
      const earlier = room.event(at);
      return earlier && revise(earlier, event);
    },
    edits: edited ? (target) => room.edits(target) + (target === edited.target ? 1 : 0) : room.edits,
    reaction: reaction
      ? (target, emoji, by) =>
        target === reaction.target && emoji === reaction.emoji && by === author
          ? reacted && seq
          : room.reaction(target, emoji, by)
      : room.reaction,
    reactions: reaction
      ? (target, emoji, by) => {
        const before = room.reactions(target, emoji, by);
        if (target !== reaction.target) return before;
        return {
          kinds: before.kinds + (turns ? step : 0),
          own: before.own + (by === author ? step : 0),
          same: before.same + (emoji === reaction.emoji ? step : 0),
        };
      }
      : room.reactions,
  };
}
