// Original file: chat.proto


export interface Typing {
  'person'?: (number);
  'room'?: (string);
  'stopped'?: (boolean);
}

export interface Typing__Output {
  'person': (number);
  'room': (string);
  'stopped': (boolean);
}
