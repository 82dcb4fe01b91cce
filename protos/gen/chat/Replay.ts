// Original file: chat.proto

export const Replay = {
  REPLAY_LAST_100: 'REPLAY_LAST_100',
  REPLAY_RESUME: 'REPLAY_RESUME',
  REPLAY_SINCE: 'REPLAY_SINCE',
  REPLAY_LAST_N: 'REPLAY_LAST_N',
  REPLAY_NONE: 'REPLAY_NONE',
} as const;

export type Replay =
  | 'REPLAY_LAST_100'
  | 0
  | 'REPLAY_RESUME'
  | 1
  | 'REPLAY_SINCE'
  | 2
  | 'REPLAY_LAST_N'
  | 3
  | 'REPLAY_NONE'
  | 4

export type Replay__Output = typeof Replay[keyof typeof Replay]
