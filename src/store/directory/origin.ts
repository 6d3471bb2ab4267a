/** Whose a row of the directory is: made by hand or import, or kept in step with the cloud. */
export type Origin = 'local' | 'cloud';
