/** The entry of the worker that holds the photo. */
import { StudioJobs } from './jobs.ts';
import type { FromStudio, ToStudio } from './protocol.ts';

/** Of a worker's global scope what is used here. */
const scope = self as unknown as {
  onmessage: ((event: MessageEvent<ToStudio>) => void) | null;
  postMessage(message: FromStudio, transfer?: Transferable[]): void;
};

let jobs: StudioJobs | undefined;

scope.onmessage = ({ data }) => {
  if (data.kind !== 'start') jobs?.receive(data);
  else jobs = new StudioJobs(data.description, (message, transfer) => scope.postMessage(message, transfer));
};
