// Original file: chat.proto


export interface Message {
  'text'?: (string);
}

export interface Message__Output {
  'text': (string);
}
