// Original file: chat.proto


export interface Done {
}

export interface Done__Output {
}
