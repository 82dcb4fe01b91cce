// Original file: chat.proto


export interface Presence {
  'person'?: (number);
  'room'?: (string);
  'gone'?: (boolean);
}

export interface Presence__Output {
  'person': (number);
  'room': (string);
  'gone': (boolean);
}
