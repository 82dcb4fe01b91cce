// Original file: chat.proto


export interface Open {
  'username'?: (string);
  'token'?: (string);
}

export interface Open__Output {
  'username': (string);
  'token': (string);
}
