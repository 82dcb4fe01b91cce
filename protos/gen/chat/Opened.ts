// Original file: chat.proto


export interface Opened {
  'person'?: (number);
  'username'?: (string);
}

export interface Opened__Output {
  'person': (number);
  'username': (string);
}
