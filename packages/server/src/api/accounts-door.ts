import type { IncomingMessage, ServerResponse } from 'node:http';
import { serveOperator, type OperatorPorts } from './operator.ts';

/** Accounts of a server that checks signatures: somebody has keys of them. */
export interface AccountsPort {
  /** Whose root may make others. */
  readonly operator: string;
  list(): readonly string[];
  /** @returns the first key of its root, or undefined when the account is there already */
  create(account: string): Promise<{ readonly accessKeyId: string; readonly secretAccessKey: string } | undefined>;
}

export const accountsPath = '/_mayfly/accounts';

/** `GET /_mayfly/accounts`, `POST /_mayfly/accounts/111122223333`. */
export const serveAccounts = (
  request: IncomingMessage,
  response: ServerResponse,
  ports: OperatorPorts & { readonly accounts?: AccountsPort },
): Promise<void> =>
  serveOperator(request, response, ports, async (caller, { pathname }) => {
    const { accounts } = ports;
    if (accounts === undefined)
      return said(400, 'Without --auth strict every key id of twelve digits is an account; none has to be made.');
    if (caller.account !== accounts.operator) return said(403, `This is for the root of account ${accounts.operator}.`);
    const [account = '', ...more] = pathname.slice(accountsPath.length + 1).split('/');
    if (account === '')
      return request.method === 'GET' ? { status: 200, document: { accounts: accounts.list() } } : said(405, 'Only GET.');
    if (request.method !== 'POST') return said(405, 'Only POST.');
    if (more.length > 0 || !/^\d{12}$/.test(account)) return said(400, 'An account has twelve digits.');
    const key = await accounts.create(account);
    if (key === undefined) return said(409, `Account ${account} is there already; its root makes further keys.`);
    return { status: 201, document: { account, accessKeyId: key.accessKeyId, secretAccessKey: key.secretAccessKey } };
  });

const said = (status: number, message: string) => ({ status, document: { message } });
