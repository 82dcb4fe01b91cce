// Original file: chat.proto


export interface DescribeRoom {
  'person'?: (number);
  'room'?: (string);
}

export interface DescribeRoom__Output {
  'person': (number);
  'room': (string);
}
