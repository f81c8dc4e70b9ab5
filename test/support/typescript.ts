import { join } from "node:path";
import ts from "typescript-5.9";

/** The project's folder. */
export const root: string = join(import.meta.dir, "../..");

/** The project's compiler options, for tests that ask TypeScript itself. */
export const { options } = ts.getParsedCommandLineOfConfigFile(
  join(root, "tsconfig.json"),
  {},
  {
    ...ts.sys,
    onUnRecoverableConfigFileDiagnostic: ({ messageText }) => {
      throw new Error(ts.flattenDiagnosticMessageText(messageText, "\n"));
    },
  },
)!;
