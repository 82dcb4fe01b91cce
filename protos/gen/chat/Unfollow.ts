// Original file: chat.proto


export interface Unfollow {
  'room'?: (string);
}

export interface Unfollow__Output {
  'room': (string);
}
