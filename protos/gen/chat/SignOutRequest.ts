// Original file: chat.proto


export interface SignOutRequest {
  'token'?: (string);
}

export interface SignOutRequest__Output {
  'token': (string);
}
