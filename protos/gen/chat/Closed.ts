// Original file: chat.proto


export interface Closed {
}

export interface Closed__Output {
}
