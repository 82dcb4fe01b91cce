// Original file: chat.proto


export interface Closed {
  'person'?: (number);
  'code'?: (string);
  'message'?: (string);
}

export interface Closed__Output {
  'person': (number);
  'code': (string);
  'message': (string);
}
