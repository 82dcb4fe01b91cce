// Original file: chat.proto


export interface CreateRoom {
  'person'?: (number);
  'room'?: (string);
  'topic'?: (string);
  'clientId'?: (string);
}

export interface CreateRoom__Output {
  'person': (number);
  'room': (string);
  'topic': (string);
  'clientId': (string);
}
