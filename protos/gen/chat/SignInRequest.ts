// Original file: chat.proto


export interface SignInRequest {
  'name'?: (string);
  'token'?: (string);
}

export interface SignInRequest__Output {
  'name': (string);
  'token': (string);
}
