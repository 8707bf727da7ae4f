declare module 'jsdom' {
  interface JsdomWindow {
    readonly document: Document
    readonly Event: typeof Event
    readonly KeyboardEvent: typeof KeyboardEvent
    matchMedia: unknown
  }
  export class JSDOM {
    constructor(
      html: string,
      options?: { runScripts?: 'dangerously'; contentType?: string; beforeParse?(window: JsdomWindow): void },
    )
    readonly window: JsdomWindow
  }
}
