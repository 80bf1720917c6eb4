/** What a benchmark times: made ready once, then run again and again. */
export interface Work {
  /** One iteration; its result has been computed when it ends. */
  iterate(): Promise<void> | void;
  /** Images that an iteration deals with. */
  readonly images: number;
  /** Gives back what the work holds outside of memory. */
  end?(): Promise<void>;
}
