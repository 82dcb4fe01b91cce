// Original file: chat.proto


export interface Open {
  'username'?: (string);
}

export interface Open__Output {
  'username': (string);
}
