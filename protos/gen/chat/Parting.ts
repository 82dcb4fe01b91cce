// Original file: chat.proto


export interface Parting {
  'code'?: (string);
  'message'?: (string);
  'retry'?: (boolean);
  'delayMs'?: (number);
}

export interface Parting__Output {
  'code': (string);
  'message': (string);
  'retry': (boolean);
  'delayMs': (number);
}
