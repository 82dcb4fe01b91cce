// Original file: chat.proto


export interface ChangeRoom {
  'person'?: (number);
  'room'?: (string);
  'clientId'?: (string);
  'topic'?: (string);
  'archived'?: (boolean);
  'change'?: "topic"|"archived";
}

export interface ChangeRoom__Output {
  'person': (number);
  'room': (string);
  'clientId': (string);
  'topic'?: (string);
  'archived'?: (boolean);
  'change'?: "topic"|"archived";
}
