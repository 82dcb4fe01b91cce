// Original file: chat.proto


export interface ListRooms {
  'person'?: (number);
  'after'?: (string);
  'count'?: (number);
  'archived'?: (boolean);
}

export interface ListRooms__Output {
  'person': (number);
  'after': (string);
  'count': (number);
  'archived': (boolean);
}
