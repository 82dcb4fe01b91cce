// Original file: chat.proto


export interface Refused {
  'code'?: (string);
  'message'?: (string);
  'retry'?: (boolean);
}

export interface Refused__Output {
  'code': (string);
  'message': (string);
  'retry': (boolean);
}
