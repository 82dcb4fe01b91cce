// Original file: chat.proto


export interface Send {
  'person'?: (number);
  'room'?: (string);
  'clientId'?: (string);
  'text'?: (string);
}

export interface Send__Output {
  'person': (number);
  'room': (string);
  'clientId': (string);
  'text': (string);
}
