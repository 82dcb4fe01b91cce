// Original file: chat.proto


export interface Link {
  'up'?: (boolean);
  'message'?: (string);
}

export interface Link__Output {
  'up': (boolean);
  'message': (string);
}
