// Original file: chat.proto


export interface Roster {
  'room'?: (string);
  'count'?: (number);
  'names'?: (string)[];
  'typing'?: (string)[];
}

export interface Roster__Output {
  'room': (string);
  'count': (number);
  'names': (string)[];
  'typing': (string)[];
}
