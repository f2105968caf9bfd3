require('@azure/functions');
throw new Error('this app cannot start');
