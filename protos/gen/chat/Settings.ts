// Original file: chat.proto


export interface Settings {
  'topic'?: (string);
  'archived'?: (boolean);
}

export interface Settings__Output {
  'topic': (string);
  'archived': (boolean);
}
