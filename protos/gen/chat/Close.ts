// Original file: chat.proto


export interface Close {
  'person'?: (number);
}

export interface Close__Output {
  'person': (number);
}
