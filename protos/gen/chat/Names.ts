// Original file: chat.proto


export interface Names {
  'names'?: (string)[];
  'count'?: (number);
}

export interface Names__Output {
  'names': (string)[];
  'count': (number);
}
