// Original file: chat.proto


export interface Principal {
  'id'?: (string);
  'name'?: (string);
  'key'?: (string);
}

export interface Principal__Output {
  'id': (string);
  'name': (string);
  'key': (string);
}
