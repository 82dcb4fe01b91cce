// Original file: chat.proto


export interface Who {
  'room'?: (string);
  'after'?: (string);
  'count'?: (number);
  'person'?: (number);
}

export interface Who__Output {
  'room': (string);
  'after': (string);
  'count': (number);
  'person': (number);
}
